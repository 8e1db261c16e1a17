// Shard is a template over its transport; this file makes the header compile with the library that declares it.
#include "dataplane/shard/shard.h"
