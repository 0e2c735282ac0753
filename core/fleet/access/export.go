package access

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"avescript/core/fleet/link"
)

// export is the content of the files of a book.
type export struct {
	Book        json.RawMessage `json:"book"`
	Certificate string          `json:"certificate"` // with its secret key
}

// Export returns the files of the book in a directory, with the secret key of the hub. They
// must be those of the hub with this fingerprint.
func Export(dir, pin string) (json.RawMessage, error) {
	if _, err := os.Stat(filepath.Join(dir, certificateFile)); err != nil {
		return nil, err
	}
	own, err := certificate(dir)
	if err != nil {
		return nil, err
	}
	if got := link.Fingerprint(own.Certificate[0]); got != pin {
		return nil, fmt.Errorf("%s has those of another hub", dir)
	}
	return exported(dir)
}

// Whole returns the files of the book in a directory. If there are none, it creates them.
// Otherwise it writes nothing, because the hub may run.
func Whole(dir string) (json.RawMessage, error) {
	if _, err := os.Stat(filepath.Join(dir, bookFile)); err == nil {
		return exported(dir)
	}
	b, err := Open(dir, func(string) {})
	if err != nil {
		return nil, err
	}
	if err := b.install(b.content); err != nil {
		return nil, err
	}
	return exported(dir)
}

func exported(dir string) (json.RawMessage, error) {
	text, err := os.ReadFile(filepath.Join(dir, certificateFile))
	if err != nil {
		return nil, err
	}
	book, err := os.ReadFile(filepath.Join(dir, bookFile))
	if err != nil {
		return nil, err
	}
	return json.Marshal(export{book, string(text)})
}

// Import writes the files of a book into a directory that has none.
func Import(dir string, data json.RawMessage) error {
	var e export
	if err := json.Unmarshal(data, &e); err != nil {
		return fmt.Errorf("the keys in it are damaged: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, bookFile)); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s has keys already: restore into an empty directory", dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return errors.Join(replace(filepath.Join(dir, certificateFile), []byte(e.Certificate)), replace(filepath.Join(dir, bookFile), e.Book))
}
