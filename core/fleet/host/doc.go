// Package host lets this machine work for a fleet: it takes jobs from the hub, runs each in
// a process of its own, with the equipment of the local broker, and sends what they say.
//
// # Contact
//
// The host sends a heartbeat twice a second. Its contact is the time when it sent the last
// heartbeat that was answered; a hub of a cluster adds its patience. Without contact for
// [wire.FenceAfter] it ends all jobs, with everything that they have started, and their
// equipment. So when the leader gives these jobs to others, after [wire.LostAfter], nothing of
// them is left. Three parties see to that independently:
//
//	the host              kills its jobs when it has no contact; that is the first thing
//	                      that it does after it was stopped itself
//	the process of a job  is told when the host had contact, and ends with all that it has
//	                      started when that is [wire.JobFenceAfter] ago
//	the broker            ends the leases of a host that is silent; the host is silent
//	                      before its contact is so old that this would be too late
//
// The clock of the host and its jobs goes on while the machine sleeps.
//
// # Jobs
//
// A job is a process "avescript test-job" that leads a session and is the parent of all
// orphans below it, so nothing that it starts can escape. As root it runs as another
// account, and in a control group of its own if there are any. The life of a job:
//
//	Start -> lease equipment -> unpack the code -> process -> Done
//	      -> kill what is left -> give back equipment -> send output and artifacts -> Result
//
// Everything is done once for each token, however often an order comes. The job is part of
// the heartbeat until its result was answered.
//
// # After a crash
//
// Which processes belong to jobs is written to the disk before they run. A host that starts
// ends what its predecessor has left, before its first heartbeat.
package host
