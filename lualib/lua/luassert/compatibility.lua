return { unpack = require("luassert.util").unpack }
