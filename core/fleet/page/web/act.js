// What administrators and owners of runs can do.
import { v, draw, byId } from "./view.js";
import { post } from "./store.js";

export const me = { role: "", name: "", acts: false, keys: false };

// actions are buttons for what the reader may do.
export function actions(list) {
	const may = list.filter((action) => me.acts && (!action.admin || me.role === "admin") && (!action.owner || me.role === "admin" || action.owner === me.name));
	return may.length ? v("div", { class: "actions" }, may.map((action) => v("button", { key: action.label, type: "button", onclick: () => (action.ask ? ask(action) : act(action, "")) }, action.label))) : null;
}

async function act(action, reason) {
	try {
		await post("/api/act/" + action.verb, reason ? { ...action.body, reason } : action.body);
		return "";
	} catch (error) {
		return error.message || "the hub does not answer";
	}
}

// ask asks first, and for a reason.
function ask(action, error) {
	const dialog = byId("dialog");
	const done = async (event) => {
		event.preventDefault();
		const field = byId("reason");
		const failed = await act(action, field ? field.value.trim() : "");
		if (failed) ask(action, failed);
		else dialog.close();
	};
	draw(dialog, v("form", { key: action.verb + JSON.stringify(action.body), onsubmit: done },
		v("p", {}, action.ask),
		action.reason ? v("label", {}, "Reason", v("input", { id: "reason", type: "text", maxlength: 200, autocomplete: "off", placeholder: "for those who wonder" })) : null,
		error ? v("p", { class: "is-failed", role: "alert" }, error) : null,
		v("div", { class: "actions" }, v("button", { type: "button", onclick: () => dialog.close() }, "No"), v("button", { type: "submit", class: "primary" }, action.label.replace("…", "")))));
	if (!dialog.open) dialog.showModal();
}
