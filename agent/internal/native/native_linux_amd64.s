//go:build !cgo

#include "textflag.h"

// The functions here but the last are called with the C convention: arguments in
// DI, SI, DX, CX, R8, R9; result in AX; BX, BP and R12 to R15 are kept for the
// caller; the stack is a multiple of 16 before a CALL.

// Offsets on the stack of native_init and native_thread_start.
#define ATTR 0 // pthread_attr_t, 56 bytes
#define SIZE 64
#define THREAD 72
#define MASK 80 // sigset_t, 128 bytes
#define OLDMASK 208
#define FRAME 336

#define ENTER_C \
	PUSHQ	BP \
	MOVQ	SP, BP \
	PUSHQ	BX \
	PUSHQ	R12 \
	PUSHQ	R13 \
	PUSHQ	R14 \
	SUBQ	$FRAME, SP \
	ANDQ	$~15, SP

// BP-32 is where R14 was saved.
#define LEAVE_C \
	LEAQ	-32(BP), SP \
	POPQ	R14 \
	POPQ	R13 \
	POPQ	R12 \
	POPQ	BX \
	POPQ	BP

// void native_init(G *g, void (*setg)(void*)): the first thread's stack is as
// large as the C library says; g.stack.lo is the first word of a G.
TEXT native_init(SB),NOSPLIT|NOFRAME,$0
	ENTER_C
	MOVQ	DI, BX
	MOVQ	SI, ·setg(SB)
	LEAQ	ATTR(SP), DI
	CALL	native_pthread_attr_init(SB)
	LEAQ	ATTR(SP), DI
	LEAQ	SIZE(SP), SI
	CALL	native_pthread_attr_getstacksize(SB)
	MOVQ	SP, AX
	SUBQ	SIZE(SP), AX
	ADDQ	$4096, AX
	MOVQ	AX, 0(BX)
	LEAQ	ATTR(SP), DI
	CALL	native_pthread_attr_destroy(SB)
	LEAVE_C
	RET

// void native_thread_start(struct { G *g; uintptr *tls; void (*fn)(void); } *ts):
// a thread that runs ts->fn on ts->g. Signals are blocked until it has a g.
TEXT native_thread_start(SB),NOSPLIT|NOFRAME,$0
	ENTER_C
	MOVQ	DI, BX
	MOVQ	$24, DI // ts lives on the caller's stack: the thread gets a copy
	CALL	native_malloc(SB)
	TESTQ	AX, AX
	JZ	fail
	MOVQ	AX, R12
	MOVQ	0(BX), R13 // g
	MOVQ	R13, 0(R12)
	MOVQ	8(BX), CX
	MOVQ	CX, 8(R12)
	MOVQ	16(BX), CX
	MOVQ	CX, 16(R12)

	LEAQ	MASK(SP), DI
	CALL	native_sigfillset(SB)
	MOVL	$2, DI // SIG_SETMASK
	LEAQ	MASK(SP), SI
	LEAQ	OLDMASK(SP), DX
	CALL	native_pthread_sigmask(SB)

	LEAQ	ATTR(SP), DI
	CALL	native_pthread_attr_init(SB)
	LEAQ	ATTR(SP), DI
	MOVL	$1, SI // PTHREAD_CREATE_DETACHED
	CALL	native_pthread_attr_setdetachstate(SB)
	LEAQ	ATTR(SP), DI
	LEAQ	SIZE(SP), SI
	CALL	native_pthread_attr_getstacksize(SB)
	MOVQ	SIZE(SP), CX
	MOVQ	CX, 8(R13) // g.stack.hi; mstart makes bounds of it

	XORL	R14, R14
again:
	LEAQ	THREAD(SP), DI
	LEAQ	ATTR(SP), SI
	LEAQ	native_thread(SB), DX
	MOVQ	R12, CX
	CALL	native_pthread_create(SB)
	TESTL	AX, AX
	JZ	started
	CMPL	AX, $11 // EAGAIN: threads that end are not gone at once
	JNE	fail
	INCL	R14
	CMPL	R14, $20
	JGT	fail
	IMUL3L	$1000, R14, DI
	CALL	native_usleep(SB)
	JMP	again

started:
	MOVL	$2, DI
	LEAQ	OLDMASK(SP), SI
	XORL	DX, DX
	CALL	native_pthread_sigmask(SB)
	LEAQ	ATTR(SP), DI
	CALL	native_pthread_attr_destroy(SB)
	LEAVE_C
	RET

fail: // as runtime/cgo does: the runtime cannot go on without its thread
	CALL	native_abort(SB)
	INT	$3

// void *native_thread(void *ts): where a thread begins.
TEXT native_thread(SB),NOSPLIT|NOFRAME,$0
	ENTER_C
	MOVQ	BP, ATTR(SP) // mstart keeps no register but SP
	MOVQ	R15, SIZE(SP)
	MOVQ	0(DI), R12
	MOVQ	16(DI), R13
	CALL	native_free(SB)
	MOVQ	R12, DI
	MOVQ	·setg(SB), AX
	CALL	AX
	CALL	R13 // runtime.mstart
	MOVQ	ATTR(SP), BP
	MOVQ	SIZE(SP), R15
	LEAVE_C
	XORL	AX, AX
	RET

// void native_nothing(void *): hooks that have nothing to do.
TEXT native_nothing(SB),NOSPLIT|NOFRAME,$0
	XORL	AX, AX
	RET

// int native_call(struct call *c)
TEXT native_call(SB),NOSPLIT|NOFRAME,$0
	PUSHQ	BP
	MOVQ	SP, BP
	PUSHQ	BX
	SUBQ	$8, SP
	MOVQ	DI, BX
	MOVQ	0(BX), R10
	MOVQ	8(BX), DI
	MOVQ	16(BX), SI
	MOVQ	24(BX), DX
	MOVQ	32(BX), CX
	MOVQ	40(BX), R8
	MOVQ	48(BX), R9
	XORL	AX, AX
	CALL	R10
	MOVQ	AX, 56(BX)
	XORL	AX, AX
	ADDQ	$8, SP
	POPQ	BX
	POPQ	BP
	RET

GLOBL	·callAddr(SB), RODATA, $8
DATA	·callAddr(SB)/8, $native_call(SB)

TEXT native_dlopen_trampoline<>(SB),NOSPLIT|NOFRAME,$0
	JMP	native_dlopen(SB)

GLOBL	·dlopenAddr(SB), RODATA, $8
DATA	·dlopenAddr(SB)/8, $native_dlopen_trampoline<>(SB)

TEXT native_dlsym_trampoline<>(SB),NOSPLIT|NOFRAME,$0
	JMP	native_dlsym(SB)

GLOBL	·dlsymAddr(SB), RODATA, $8
DATA	·dlsymAddr(SB)/8, $native_dlsym_trampoline<>(SB)
