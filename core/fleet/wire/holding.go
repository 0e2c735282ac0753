package wire

// Holding is what a program wants to lease in the fleet: the first line of the standard
// input of "avelab hold". The end of the input gives the equipment back.
type Holding struct {
	Needs    Needs   `json:"needs"`
	Wait     float64 `json:"wait,omitempty"` // seconds, at most; 0 is without limit
	Reason   string  `json:"reason,omitempty"`
	Priority int     `json:"priority,omitempty"`
}

// Held is a line of the output of "avelab hold": first the leases, and then nothing until
// they end. One of the fields is set.
type Held struct {
	Leases *Leases `json:"leases,omitempty"`
	Error  string  `json:"error,omitempty"` // why there are none, or no more
	Code   string  `json:"code,omitempty"`  // of the error, such as CodeUnmet
}
