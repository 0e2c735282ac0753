// Package avescript is the root of the module and has no code. The program is
// cmd/avescript, the library is core, and Lua's side of it is lualib. The tests
// here are the rules of the repository.
package avescript
