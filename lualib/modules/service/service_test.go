package service_test

import (
	"testing"

	"avescript/lualib/child"
)

func TestMain(m *testing.M) {
	child.Main()
	m.Run()
}
