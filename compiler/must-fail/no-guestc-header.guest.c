// SPDX-License-Identifier: GPL-2.0-or-later
// error: 1 include guest/kernel/guestc.h
int f(int *x)
{
	return *x;
}
