#include "textflag.h"

// Both kernels take four rows at a time, so that one load of the query serves four rows, and then the rows that are
// left one by one. The assembler lacks the instructions that do the work, so they are put together here from the
// encodings in the Arm Architecture Reference Manual (C7.2); d, n and m are numbers of vector registers.

// SDOT adds, for each 32-bit lane of d, the products of the four signed bytes there in n and m.
#define SDOT(d, n, m) WORD $(0x4E809400 | (m)<<16 | (n)<<5 | (d))

// SXTL and SXTL2 widen the lower and the upper eight signed bytes of n to 16 bits.
#define SXTL(d, n) WORD $(0x0F08A400 | (n)<<5 | (d))
#define SXTL2(d, n) WORD $(0x4F08A400 | (n)<<5 | (d))

// SMLAL and SMLAL2 multiply the lower and the upper four signed 16-bit lanes of n and m and add to the 32-bit lanes of d.
#define SMLAL(d, n, m) WORD $(0x0E608000 | (m)<<16 | (n)<<5 | (d))
#define SMLAL2(d, n, m) WORD $(0x4E608000 | (m)<<16 | (n)<<5 | (d))

// MLA16 adds the products of the 16 codes in V4 and the query in V0 and V1 to the lanes of d and e.
#define MLA16(d, e) \
	SXTL(5, 4)      \
	SXTL2(6, 4)     \
	SMLAL(d, 5, 0)  \
	SMLAL2(e, 5, 0) \
	SMLAL(d, 6, 1)  \
	SMLAL2(e, 6, 1)

#define ZERO(v) VEOR v.B16, v.B16, v.B16

// FOLD4 adds up the lanes of V16 to V19 and leaves the four sums in V16.
#define FOLD4 \
	VADDP V17.S4, V16.S4, V16.S4 \
	VADDP V19.S4, V18.S4, V18.S4 \
	VADDP V18.S4, V16.S4, V16.S4

// JOIN adds 256 times the sums of the high bytes in h to those of the low bytes in l.
#define JOIN(h, l) \
	VSHL $8, h.S4, h.S4    \
	VADD h.S4, l.S4, l.S4

// func dotSDOT(codes, high, low []int8, out []int32)
// R0 rows   R5 R6 R7 second to fourth row   R1 high   R2 low   R3 results   R4 rows left   R8 length of a row
TEXT ·dotSDOT(SB), NOSPLIT, $0-96
	MOVD codes_base+0(FP), R0
	MOVD high_base+24(FP), R1
	MOVD high_len+32(FP), R8
	MOVD low_base+48(FP), R2
	MOVD out_base+72(FP), R3
	MOVD out_len+80(FP), R4

four:
	CMP  $4, R4
	BLT  one
	ADD  R8, R0, R5
	ADD  R8, R5, R6
	ADD  R8, R6, R7
	ZERO(V16)
	ZERO(V17)
	ZERO(V18)
	ZERO(V19)
	ZERO(V20)
	ZERO(V21)
	ZERO(V22)
	ZERO(V23)
	MOVD R1, R9
	MOVD R2, R10
	MOVD R8, R11

fourStep:
	VLD1.P 16(R9), [V0.B16]
	VLD1.P 16(R10), [V1.B16]
	VLD1.P 16(R0), [V4.B16]
	VLD1.P 16(R5), [V5.B16]
	VLD1.P 16(R6), [V6.B16]
	VLD1.P 16(R7), [V7.B16]
	SDOT(20, 4, 0)
	SDOT(16, 4, 1)
	SDOT(21, 5, 0)
	SDOT(17, 5, 1)
	SDOT(22, 6, 0)
	SDOT(18, 6, 1)
	SDOT(23, 7, 0)
	SDOT(19, 7, 1)
	SUBS   $16, R11, R11
	BNE    fourStep
	JOIN(V20, V16)
	JOIN(V21, V17)
	JOIN(V22, V18)
	JOIN(V23, V19)
	FOLD4
	VST1.P [V16.S4], 16(R3)
	MOVD   R7, R0
	SUB    $4, R4, R4
	B      four

one:
	CBZ  R4, done
	ZERO(V16)
	ZERO(V20)
	MOVD R1, R9
	MOVD R2, R10
	MOVD R8, R11

oneStep:
	VLD1.P 16(R9), [V0.B16]
	VLD1.P 16(R10), [V1.B16]
	VLD1.P 16(R0), [V4.B16]
	SDOT(20, 4, 0)
	SDOT(16, 4, 1)
	SUBS   $16, R11, R11
	BNE    oneStep
	JOIN(V20, V16)
	VADDV  V16.S4, V16
	VMOV   V16.S[0], R12
	MOVW.P R12, 4(R3)
	SUB    $1, R4, R4
	B      one

done:
	RET

// func dotNEON(codes []int8, wide []int16, out []int32)
// R0 rows   R5 R6 R7 second to fourth row   R1 query   R3 results   R4 rows left   R8 length of a row
TEXT ·dotNEON(SB), NOSPLIT, $0-72
	MOVD codes_base+0(FP), R0
	MOVD wide_base+24(FP), R1
	MOVD wide_len+32(FP), R8
	MOVD out_base+48(FP), R3
	MOVD out_len+56(FP), R4

four:
	CMP  $4, R4
	BLT  one
	ADD  R8, R0, R5
	ADD  R8, R5, R6
	ADD  R8, R6, R7
	ZERO(V16)
	ZERO(V17)
	ZERO(V18)
	ZERO(V19)
	ZERO(V20)
	ZERO(V21)
	ZERO(V22)
	ZERO(V23)
	MOVD R1, R9
	MOVD R8, R11

fourStep:
	VLD1.P 32(R9), [V0.H8, V1.H8]
	VLD1.P 16(R0), [V4.B16]
	MLA16(16, 20)
	VLD1.P 16(R5), [V4.B16]
	MLA16(17, 21)
	VLD1.P 16(R6), [V4.B16]
	MLA16(18, 22)
	VLD1.P 16(R7), [V4.B16]
	MLA16(19, 23)
	SUBS   $16, R11, R11
	BNE    fourStep
	VADD   V20.S4, V16.S4, V16.S4
	VADD   V21.S4, V17.S4, V17.S4
	VADD   V22.S4, V18.S4, V18.S4
	VADD   V23.S4, V19.S4, V19.S4
	FOLD4
	VST1.P [V16.S4], 16(R3)
	MOVD   R7, R0
	SUB    $4, R4, R4
	B      four

one:
	CBZ  R4, done
	ZERO(V16)
	ZERO(V20)
	MOVD R1, R9
	MOVD R8, R11

oneStep:
	VLD1.P 32(R9), [V0.H8, V1.H8]
	VLD1.P 16(R0), [V4.B16]
	MLA16(16, 20)
	SUBS   $16, R11, R11
	BNE    oneStep
	VADD   V20.S4, V16.S4, V16.S4
	VADDV  V16.S4, V16
	VMOV   V16.S[0], R12
	MOVW.P R12, 4(R3)
	SUB    $1, R4, R4
	B      one

done:
	RET
