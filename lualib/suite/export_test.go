package suite

// Words lets tests compare them with the module and its stub.
var Words = words

// RunFile lets tests see the events of a file.
var RunFile = runFile
