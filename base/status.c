/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/status.h"

const char *status_name(status s)
{
	switch (s) {
	case STATUS_OK: return "ok";
	case STATUS_UNMAPPED: return "unmapped";
	case STATUS_MISSING: return "missing";
	case STATUS_GONE: return "gone";
	case STATUS_TORN: return "torn";
	case STATUS_END: return "end";
	case STATUS_MALFORMED: return "malformed";
	case STATUS_UNSUPPORTED: return "unsupported";
	case STATUS_LIMIT: return "limit reached";
	case STATUS_NO_MEMORY: return "out of memory";
	case STATUS_IO: return "input/output error";
	case STATUS_DENIED: return "denied";
	case STATUS_MISMATCH: return "mismatch";
	case STATUS_USAGE: return "wrong use";
	case STATUS_INTERNAL: return "internal error";
	}
	return "unknown status";
}
