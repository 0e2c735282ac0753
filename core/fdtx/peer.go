package fdtx

import (
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"avescript/core/exceptions"
)

// checkPeer checks the user of the peer: the user when it connected, or when it began
// to listen.
func checkPeer(conn *socket, uids []int) error {
	if len(uids) == 0 {
		uids = []int{os.Geteuid()}
	}
	peer, err := peerOf(conn)
	if err != nil {
		return err
	}
	if !slices.Contains(uids, int(peer.Uid)) {
		return exceptions.AuthError.Newf("wanted a peer with the uid %s, got process %d with %d", list(uids), peer.Pid, peer.Uid)
	}
	return nil
}

// Peer is the pid of the process at the other end when the connection was made.
func (t *FdTx) Peer() (pid int, err error) {
	conn, err := t.connected()
	if err != nil {
		return 0, err
	}
	peer, err := peerOf(conn)
	if err != nil {
		return 0, err
	}
	return int(peer.Pid), nil
}

func peerOf(conn *socket) (peer *unix.Ucred, err error) {
	err = conn.control(func(fd int) (err error) {
		peer, err = unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("identify the peer: %w", err)
	}
	return peer, nil
}

func list(uids []int) string {
	text := fmt.Sprint(uids[0])
	for _, uid := range uids[1:] {
		text += fmt.Sprintf(" or %d", uid)
	}
	return text
}
