package page_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"avescript/core/fleet/hub"
	"avescript/core/fleet/link"
	"avescript/core/fleet/page"
	"avescript/core/fleet/wire"
	"avescript/internal/poll"
)

// TestRealHub shows a run at a real hub, and cancels it.
func TestRealHub(t *testing.T) {
	h, err := hub.Start(t.Context(), hub.Options{Dir: t.TempDir(), Port: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	p := open(t, page.Options{
		Lab: h.View, JetStream: h.Link().JS, Metrics: h.Metrics(),
		Act: func(ctx context.Context, who page.Identity, verb string, body any) error {
			_, err := h.Link().RequestAs(ctx, who.Role, who.Name, verb, body)
			return err
		},
	})
	user, err := link.Dial(t.Context(), link.Config{URL: h.URL(), Role: wire.User, Name: "anna"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(user.Close)
	run := wire.Run{ID: wire.NewRunID(), Kind: wire.Tests, Title: "nightly", Patience: 600}
	relay := wire.Needs{Equipment: []wire.Want{{Name: "r", Profile: pieceOf(t, map[string]any{"type": "relay"})}}}
	if _, err := user.Request(t.Context(), wire.VerbSubmit, wire.Submit{Run: run, Jobs: []wire.Job{{Name: "a.lua", Needs: relay}}, Last: true}); err != nil {
		t.Fatal(err)
	}
	client := newClient(t)
	var lab wire.Lab
	poll.Until(t, "the page has the run", func() bool {
		_, body, _ := request(t, client, http.MethodGet, p.URL()+"/api/lab", "")
		lab = decode[wire.Lab](t, []byte(body))
		return len(lab.Queue) == 1 && len(lab.Runs) == 1
	})
	wants(t, lab.Queue[0].Why, "no host")
	if status, body, _ := request(t, client, http.MethodPost, p.URL()+"/api/act/cancel", `{"run":"`+run.ID+`","reason":"enough"}`, "Content-Type", "application/json"); status != http.StatusOK {
		t.Fatalf("cancel: %d %s", status, body)
	}
	r := read(t, p.URL()+"/api/run/"+run.ID+"/events", "")
	kinds := ""
	for !strings.Contains(kinds, wire.NoteOver) {
		for _, it := range decode[[]item](t, r.until("items").data) {
			for _, n := range it.Notes {
				kinds += strings.Join(strings.Fields(n.Kind+" "+n.User+" "+n.Title+" "+n.By+" "+n.Reason), " ") + ", "
			}
		}
	}
	if want := "submitted anna nightly, cancelled local enough, over, "; kinds != want {
		t.Errorf("got %q, wanted %q", kinds, want)
	}
	_, body, _ := request(t, client, http.MethodGet, p.URL()+"/metrics", "")
	wants(t, body, "# TYPE")
}
