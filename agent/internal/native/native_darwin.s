#include "textflag.h"

TEXT libc_dlopen_trampoline<>(SB),NOSPLIT,$0-0
	JMP	libc_dlopen(SB)

GLOBL	·dlopenAddr(SB), RODATA, $8
DATA	·dlopenAddr(SB)/8, $libc_dlopen_trampoline<>(SB)

TEXT libc_dlsym_trampoline<>(SB),NOSPLIT,$0-0
	JMP	libc_dlsym(SB)

GLOBL	·dlsymAddr(SB), RODATA, $8
DATA	·dlsymAddr(SB)/8, $libc_dlsym_trampoline<>(SB)
