#include "textflag.h"

// func pairs(text *byte, n int, bytes *[4]byte, places *[4]int) int
TEXT ·pairs(SB), NOSPLIT, $0-40
	MOVQ text+0(FP), SI
	MOVQ n+8(FP), CX
	MOVQ bytes+16(FP), DX
	MOVQ places+24(FP), DI

	// Y0 to Y3 are the bytes, R8 to R11 where they are looked for.
	VPBROADCASTB 0(DX), Y0
	VPBROADCASTB 1(DX), Y1
	VPBROADCASTB 2(DX), Y2
	VPBROADCASTB 3(DX), Y3
	MOVQ 0(DI), R8
	MOVQ 8(DI), R9
	MOVQ 16(DI), R10
	MOVQ 24(DI), R11
	ADDQ SI, R8
	ADDQ SI, R9
	ADDQ SI, R10
	ADDQ SI, R11
	XORQ AX, AX
	PCALIGN $32

loop:
	CMPQ AX, CX
	JGE  none

	// Y4: which of the first 32 places are a pair.
	VMOVDQU  (R10)(AX*1), Y12
	VMOVDQU  32(R10)(AX*1), Y13
	VPCMPEQB (R8)(AX*1), Y0, Y4
	VPCMPEQB (R11)(AX*1), Y0, Y5
	VPOR     Y4, Y5, Y4
	VPCMPEQB Y12, Y1, Y5
	VPAND    Y4, Y5, Y4
	VPCMPEQB (R9)(AX*1), Y2, Y6
	VPCMPEQB Y12, Y3, Y7
	VPAND    Y6, Y7, Y6
	VPOR     Y4, Y6, Y4

	// Y8: which of the 32 behind them.
	VPCMPEQB 32(R8)(AX*1), Y0, Y8
	VPCMPEQB 32(R11)(AX*1), Y0, Y9
	VPOR     Y8, Y9, Y8
	VPCMPEQB Y13, Y1, Y9
	VPAND    Y8, Y9, Y8
	VPCMPEQB 32(R9)(AX*1), Y2, Y10
	VPCMPEQB Y13, Y3, Y11
	VPAND    Y10, Y11, Y10
	VPOR     Y8, Y10, Y8

	VPOR  Y4, Y8, Y12
	VPTEST Y12, Y12
	JNZ   found
	ADDQ  $64, AX
	JMP   loop

found:
	VPMOVMSKB Y4, BX
	VPMOVMSKB Y8, DX
	SHLQ      $32, DX
	ORQ       DX, BX
	BSFQ      BX, BX
	ADDQ      BX, AX
	VZEROUPPER
	MOVQ      AX, ret+32(FP)
	RET

none:
	VZEROUPPER
	MOVQ $-1, ret+32(FP)
	RET
