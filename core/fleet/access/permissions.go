package access

import (
	"slices"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"avescript/core/fleet/wire"
)

// verbs are what each role may ask the leader for.
var verbs = map[string][]string{
	wire.Guest:  {wire.VerbJoin},
	wire.Worker: {wire.VerbBeat, wire.VerbResult, wire.VerbAsk, wire.VerbLab},
	wire.Viewer: {wire.VerbLab},
	wire.User:   {wire.VerbLab, wire.VerbSubmit, wire.VerbCancel},
	wire.Admin: {
		wire.VerbLab, wire.VerbSubmit, wire.VerbCancel,
		wire.VerbDrain, wire.VerbAside, wire.VerbForget, wire.VerbQuota, wire.VerbInvite, wire.VerbRevoke, wire.VerbBackup,
	},
}

// Permissions are what a role may publish and subscribe to under a name; nil for the hub,
// which may do everything. Only the hub may read or write the ledger, and make, change,
// purge or delete streams and what is in them.
//
// Whoever may write to an object store can also empty it, by a message with the header
// Nats-Rollup: the store needs that header to replace the description of an object, and the
// server cannot allow one without the other. Code that is missing is sent again, and an
// artifact that was replaced is noticed by its digest, so what is lost is artifacts.
//
// Whoever may read from a stream can have the server send what is stored to any subject of
// the same account. So these permissions alone do not say who has sent a message, see
// link.Genuine and link.IsEcho, and what the hub decides by is in another account, see
// [Book.Private].
func Permissions(role, name string) *server.Permissions {
	if role == wire.Hub {
		return nil
	}
	var publish []string
	for _, verb := range verbs[role] {
		publish = append(publish, wire.RequestSubject(role, name, verb))
	}
	subscribe := []string{wire.InboxPrefix(role, name) + ".>"}
	switch role {
	case wire.Worker:
		subscribe = append(subscribe, wire.OrderSubject(name, "*"))
		publish = append(publish, "fleet.output."+name+".>", "$O."+wire.ArtifactStore+".>",
			wire.InboxPrefix(wire.User, "*")+".>", wire.InboxPrefix(wire.Admin, "*")+".>")
		publish = slices.Concat(publish, reading(objects(wire.CodeStore)), reading(objects(wire.ArtifactStore)))
	case wire.User, wire.Admin:
		publish = append(publish, "$O."+wire.CodeStore+".>")
		publish = slices.Concat(publish, reading(wire.OutputStream), reading(objects(wire.CodeStore)), reading(objects(wire.ArtifactStore)))
	case wire.Viewer:
		publish = slices.Concat(publish, reading(wire.OutputStream), reading(objects(wire.ArtifactStore)))
	}
	permissions := &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: publish},
		Subscribe: &server.SubjectPermission{Allow: subscribe},
	}
	if role == wire.User || role == wire.Admin { // a host asks the client of a hold whether it is still there
		permissions.Response = &server.ResponsePermission{MaxMsgs: 1, Expires: answerTime}
	}
	return permissions
}

// answerTime is how long a client may take to answer a host.
const answerTime = time.Minute

// objects is the stream of an object store.
func objects(store string) string { return "OBJ_" + store }

// reading are the subjects of the JetStream API that read a stream: what it is, a message
// of it, and a consumer of one's own, whose name nobody else knows.
func reading(stream string) []string {
	return []string{
		"$JS.API.STREAM.INFO." + stream,
		"$JS.API.STREAM.MSG.GET." + stream,
		"$JS.API.DIRECT.GET." + stream,
		"$JS.API.DIRECT.GET." + stream + ".>",
		"$JS.API.CONSUMER.CREATE." + stream + ".>",
		"$JS.API.CONSUMER.INFO." + stream + ".*",
		"$JS.API.CONSUMER.DELETE." + stream + ".*",
		"$JS.API.CONSUMER.MSG.NEXT." + stream + ".*",
		"$JS.FC." + stream + ".>",
	}
}
