package host

import (
	"testing"

	"avescript/core/exceptions"
	"avescript/core/fleet/wire"
)

// TestEquipmentThatDoesNotWork: a job whose equipment cannot be opened has failed; one whose
// equipment is not there now is tried again.
func TestEquipmentThatDoesNotWork(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{exceptions.Exception.Newf("the relay does not answer"), wire.Died},
		{exceptions.Timeout.Newf("call of 'serve': timed out"), wire.Died},
		{exceptions.ConnectionClosed.Newf("closed"), wire.Busy},
		{exceptions.Restarting.Newf("the broker is being restarted"), wire.Busy},
	} {
		o := unequipped(wire.Start{}, openingOf(c.err))
		if o.Status != c.want || o.Message != "equipment: "+c.err.Error() {
			t.Errorf("wanted %s for %v, got %+v", c.want, c.err, o)
		}
	}
}
