package secret

import "testing"

func TestKeysAreMaskedWhereverTheyStand(t *testing.T) {
	m := NewMask([]string{"", "k", "0123456789", "0123456789-long", "tab\tand \"quotes\""})
	for text, want := range map[string]string{
		"":                                   "",
		"key 0123456789.":                    "key <masked>.",
		"0123456789-long0123456789":          "<masked><masked>",
		`raw tab	and "quotes"`:               "raw <masked>",
		`quoted "tab\tand \"quotes\""`:       `quoted "<masked>"`,
		"a short key spoils no kettle":       "a short key spoils no kettle",
		`connect("k") connect('k') "kettle"`: `connect(<masked>) connect(<masked>) "kettle"`,
	} {
		if got := m.Text(text); got != want {
			t.Errorf("%q:\n got %q\nwant %q", text, got, want)
		}
	}
	if got := m.Value("k"); got != Masked {
		t.Errorf("a short key: got %q", got)
	}
	if got := m.Value("kk"); got != "kk" {
		t.Errorf("what is no key: got %q", got)
	}
	var none *Mask
	if none.Text("0123456789") != "0123456789" || none.Value("k") != "k" || none.Hides("password") {
		t.Error("no mask hides something")
	}
}

func TestNamesOfSecrets(t *testing.T) {
	for name, want := range map[string]bool{
		"authkey": true, "authkeys": true, "alt_keys": true, "AuthKey": true, "db_password": true, "Passwords": true,
		"client_secret": true, "apiToken": true, "key": false, "keys": false, "keyboard": false, "pass": false, "": false,
	} {
		if IsName(name) != want {
			t.Errorf("%q: got %v", name, !want)
		}
	}
}
