// Package control is the RPC service of this system and its client.
//
// A [Server] has one goroutine for each connection. It reads a frame, lets a [Handler]
// serve the call, and writes the answer. Calls and answers are raw JSON, so that no
// tree is built that the handler would only take apart again. The handler serves one
// call at a time, across all connections, and callbacks take turns with calls: a
// service needs no locks of its own. Only methods that are marked as concurrent run at
// the same time.
//
// A [Client] makes calls. Both sides use the protocol of the earlier system:
// length-prefixed JSON messages after a challenge, which is answered with a keyed
// digest. This service is stricter than the old ones: a client without a key is
// disconnected, and methods for the primary key cannot be called with an alternate key.
//
// # Handing a service over
//
// In a handover a process passes its service to another process, where it becomes a
// [Takeover]. During the handover the service is frozen: nothing runs, and connections
// have no goroutines. A manifest describes what is handed over; the state in it is what
// the handler has [Serialized].
//
// # The parts of a service
//
// A Server has a port, where it listens; clients, which are its connections; a gate,
// which is shut while the service is frozen; an ending; methods that can be called; the
// dispatch lock; room, which limits the memory of clients by three budgets, of which
// clients get shares; activity, which tells whether the service is idle; counters;
// ongoing calls, which the administrator can end; and a journal, which writes the log.
//
// A Conn has a wire, which is its socket; an arrival, which ends with the handshake;
// a reader and a writer.
//
// # Locks
//
// A goroutine with one of these locks may take those below it, but not those above it:
//
//  1. Server.dispatch, held while the handler serves a call or a callback
//  2. Server.mu, for port, clients, gate and ending, and for the fields of Conn that
//     say so
//  3. writer.mu of one connection, held while something is written to its client
//  4. budget.mu of one budget
//  5. memory.mu, of all services together
//
// A lock of the handler, such as that of an interpreter, comes after the first and
// before the others: the handler is called with only the first lock or none, and may
// call the service.
//
// The mutexes of throttle, counters, ongoing, fewListener and the keys in use guard a
// few fields each, and no other lock of the service is taken while one of them is held.
// Options.Log may be called with the first and the third lock held, so it must not use
// the connection.
//
// A Client has its turn, held while a call is sent and its answer read, and below it
// Client.mu.
package control
