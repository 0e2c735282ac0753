package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"avescript/core/config"
	"avescript/core/connection"
	"avescript/core/control"
	"avescript/core/exceptions"
	"avescript/core/fleet/wire"
	"avescript/core/profile"
)

const (
	brokerConnect = 5 * time.Second
	brokerCall    = 10 * time.Second
	brokerLease   = 40 * time.Second  // a lease of a lower token may have to be closed before
	brokerOpen    = 125 * time.Second // of one piece; the broker's limit is 120 s
	brokerClose   = 20 * time.Second
	stockInterval = time.Second
)

// stock is the equipment of the local broker, as far as this host knows it.
type stock struct {
	home string // of the account that runs the broker
	log  func(format string, args ...any)

	mu     sync.Mutex
	pieces []wire.Piece
	made   []string
	wrong  string
	known  wire.Token // the highest that the broker knows for a piece

	asked chan struct{} // closed when the broker was asked once
}

func newStock(home string, log func(string, ...any)) *stock {
	return &stock{home: home, log: log, wrong: "the broker was not asked yet", asked: make(chan struct{})}
}

// seen is what the broker has said last.
func (s *stock) seen() (pieces []wire.Piece, made []string, wrong string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pieces, s.made, s.wrong
}

// highest is the highest token that the broker knows. It may come from an earlier lab, and
// the broker leases nothing to a lower one.
func (s *stock) highest() wire.Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known
}

// firstAnswer is how long a host waits for its broker before it says that it is there.
// Otherwise jobs that need the equipment would be refused until the next heartbeat.
const firstAnswer = 2 * time.Second

// await waits until the broker was asked once, but not long.
func (s *stock) await(ctx context.Context) {
	select {
	case <-s.asked:
	case <-time.After(firstAnswer):
	case <-ctx.Done():
	}
}

// watch asks the broker for its equipment.
func (s *stock) watch(ctx context.Context) {
	once := sync.OnceFunc(func() { close(s.asked) })
	var client *control.Client
	defer func() {
		if client != nil {
			client.Close()
		}
	}()
	ticker := time.NewTicker(stockInterval)
	defer ticker.Stop()
	for {
		err := s.look(ctx, &client)
		if err != nil && client != nil {
			client.Close()
			client = nil
		}
		s.note(err)
		once()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// note remembers what is wrong with the broker. Its equipment cannot be leased then.
func (s *stock) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wrong := ""
	if err != nil {
		wrong = err.Error()
		s.pieces, s.made = nil, nil
	}
	if wrong != s.wrong && wrong != "" {
		s.log("broker: %s", wrong)
	}
	s.wrong = wrong
}

func (s *stock) look(ctx context.Context, client **control.Client) (err error) {
	if *client == nil {
		if *client, err = s.dial(); err != nil {
			return err
		}
	}
	text, err := (*client).Call(ctx, "inventory", nil, nil, brokerCall)
	if err != nil {
		return err
	}
	var inventory struct {
		Equipment []struct {
			Profile  profile.Profile `json:"profile"`
			State    string          `json:"state"`
			Token    *wire.Token     `json:"token"`
			Known    wire.Token      `json:"known"`
			Accounts []string        `json:"accounts"`
			Client   []any           `json:"client"`
			Since    float64         `json:"since"`
			Reason   string          `json:"reason"`
			Stacks   []int           `json:"stacks"`
		} `json:"equipment"`
		Made    []string `json:"made"`
		Leasing bool     `json:"leasing"`
	}
	if err := json.Unmarshal(text, &inventory); err != nil {
		return fmt.Errorf("inventory of the broker: %w", err)
	}
	if !inventory.Leasing {
		return nil // it is handed over to another process, which has the same equipment
	}
	pieces := make([]wire.Piece, 0, len(inventory.Equipment))
	var known wire.Token
	for _, e := range inventory.Equipment {
		if known.Less(e.Known) {
			known = e.Known
		}
		p := wire.Piece{Profile: e.Profile, Holder: holder(e.Accounts, e.Client), Since: e.Since, Reason: e.Reason}
		if e.State != "free" {
			p.State = e.State
		}
		if e.Token != nil {
			p.Token = *e.Token
		}
		if len(e.Stacks) > 0 {
			p.Stack = strconv.Itoa(e.Stacks[0])
		}
		pieces = append(pieces, p)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pieces, s.made, s.known = pieces, inventory.Made, known
	return nil
}

// holder says who a client of the broker is.
func holder(accounts []string, client []any) string {
	switch {
	case len(accounts) > 0:
		return accounts[0]
	case len(client) == 2:
		return fmt.Sprintf("%v:%v", client[0], client[1])
	}
	return ""
}

// dial returns a client of the broker, as its configuration says.
func (s *stock) dial() (*control.Client, error) {
	found, err := config.LoadBroker(s.home)
	if err != nil {
		return nil, err
	}
	text, err := config.Load(s.home, "broker")
	if err != nil {
		return nil, err
	}
	var listens struct {
		Listen string `json:"listen"`
	}
	if err := json.Unmarshal(text, &listens); err != nil {
		return nil, fmt.Errorf("listen in broker.json: %w", err)
	}
	address := connection.Address{Port: found.Port, Host: listens.Listen}
	if address.Host == "" || address.Host == "0.0.0.0" || address.Host == "::" {
		address.Host = "127.0.0.1"
	}
	return control.NewClient(control.ClientOptions{Address: address, Authkey: found.Authkey, Timeout: brokerConnect}), nil
}

// leased is the equipment of one job. Each job is a client of its own: what one of them
// loses, others keep.
type leased struct {
	client *control.Client
	ids    []json.RawMessage
	leases wire.Leases
	once   sync.Once
	gone   context.Context // ends with the leases
	end    context.CancelFunc
}

// busyError means that somebody else has a piece.
type busyError struct {
	keys    []string
	message string
}

func (e *busyError) Error() string { return e.message }

// lease leases the equipment of a job, all or nothing. The broker ends the leases when it
// does not hear from beat, and the sessions that serve them.
func (s *stock) lease(ctx context.Context, start wire.Start, host string) (_ *leased, err error) {
	client, err := s.dial()
	if err != nil {
		return nil, err
	}
	l := &leased{client: client, leases: wire.Leases{Token: start.Token, Host: host}}
	l.gone, l.end = context.WithCancel(context.Background())
	defer func() {
		if err != nil {
			l.drop()
		}
	}()
	if _, err := l.call(ctx, "enroll", brokerCall, 0, wire.LeaseContact); err != nil {
		return nil, err
	}
	// Leasing may take a while, and the broker must hear from this client meanwhile: a call
	// that is being served counts.
	profiles := make([]profile.Profile, 0, len(start.Pieces))
	for _, p := range start.Pieces {
		profiles = append(profiles, p.Profile)
	}
	rows, err := l.rows(ctx, "claim", brokerLease, profiles, start.Token, reasonOf(start))
	if err != nil {
		return nil, busyOf(err)
	}
	for _, row := range rows {
		l.ids = append(l.ids, row.Lease)
	}
	if rows, err = l.rows(ctx, "serve", brokerOpen*time.Duration(len(l.ids)), l.ids); err != nil {
		return nil, openingOf(err)
	}
	if len(rows) != len(start.Pieces) {
		return nil, fmt.Errorf("wanted %d leases from the broker, got %d", len(start.Pieces), len(rows))
	}
	for i, row := range rows {
		lease := wire.Lease{Name: start.Pieces[i].Name, Profile: row.Profile, Lease: row.Lease, Port: row.Port, Key: row.Authkey}
		if row.Port != 0 {
			lease.Address, lease.Resource = row.Host, string(row.Resource)
			if lease.Address == "" {
				lease.Address = "127.0.0.1"
			}
		}
		l.leases.Leases = append(l.leases.Leases, lease)
	}
	return l, nil
}

// reasonOf says to others what the equipment is used for.
func reasonOf(start wire.Start) string {
	reason := fmt.Sprintf("%s of run %s for %s", start.Job.Name, start.Run.ID, start.Run.User)
	const most = 1000
	return reason[:min(len(reason), most)]
}

// row is a lease, as the broker describes it.
type row struct {
	Lease    json.RawMessage `json:"lease"`
	Profile  profile.Profile `json:"profile"`
	Host     string          `json:"host"`
	Port     int             `json:"port"`
	Authkey  string          `json:"authkey"`
	Resource json.RawMessage `json:"resource"`
}

func (l *leased) call(ctx context.Context, method string, limit time.Duration, args ...any) (json.RawMessage, error) {
	vargs, err := json.Marshal(append([]any{}, args...))
	if err != nil {
		return nil, err
	}
	return l.client.Call(ctx, method, vargs, nil, limit)
}

func (l *leased) rows(ctx context.Context, method string, limit time.Duration, args ...any) (rows []row, err error) {
	text, err := l.call(ctx, method, limit, args...)
	if err == nil {
		err = json.Unmarshal(text, &rows)
	}
	return rows, err
}

// beat tells the broker that the host is there. The error is that the equipment is lost. A
// broker that stands still for a while can give it to nobody else meanwhile.
func (l *leased) beat(ctx context.Context) error {
	text, err := l.call(ctx, "beat", brokerCall)
	var left []json.RawMessage
	if err == nil {
		err = json.Unmarshal(text, &left)
	}
	if err != nil {
		return err
	}
	for _, id := range l.ids {
		if !slices.ContainsFunc(left, func(other json.RawMessage) bool { return bytes.Equal(id, other) }) {
			return fmt.Errorf("lease %s has ended", id)
		}
	}
	return nil
}

// giveBack ends the leases. It returns when others can have the equipment.
func (l *leased) giveBack() {
	l.once.Do(func() {
		l.end()
		_, _ = l.call(context.Background(), "yield_leases", brokerClose, l.ids)
		l.client.Close()
	})
}

// drop ends the leases without waiting, even for giveBack: the broker notices that the client
// is gone.
func (l *leased) drop() {
	l.end()
	l.client.Close()
}

// openError means that leased equipment does not work.
type openError struct{ err error }

func (e *openError) Error() string { return e.err.Error() }
func (e *openError) Unwrap() error { return e.err }

// openingOf recognizes that equipment could not be opened, and that it is not the broker
// that was away or has taken the lease back.
func openingOf(err error) error {
	var raised *exceptions.Error
	if !errors.As(err, &raised) || strings.HasPrefix(raised.Class.Name, "Connection") ||
		slices.Contains([]string{"NoSuch", "Restarting"}, raised.Class.Name) {
		return err
	}
	return &openError{err}
}

// busyOf recognizes that equipment is not free.
func busyOf(err error) error {
	var raised *exceptions.Error
	if !errors.As(err, &raised) || raised.Class.Name != "Busy" {
		return err
	}
	busy := &busyError{message: raised.Message}
	text, _ := raised.Details["holders"].(json.RawMessage)
	var holders []struct {
		Profile profile.Profile `json:"profile"`
	}
	_ = json.Unmarshal(text, &holders)
	for _, h := range holders {
		busy.keys = append(busy.keys, h.Profile.Key())
	}
	return busy
}
