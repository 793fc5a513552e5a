/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/* How the tests call a kernel: the registers that it must keep are filled before, and looked at after. */
#if __riscv_xlen == 64
#define STORE sd
#define LOAD ld
#define WORD 8
#else
#define STORE sw
#define LOAD lw
#define WORD 4
#endif
/* int poisoned_call(void (*function)(), const uintptr_t arguments[5]): 0 when s0 - s11, gp, tp and sp survived */
    .globl poisoned_call
    .type poisoned_call, @function
poisoned_call:
    addi sp, sp, -16 * WORD
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    STORE s\n, \n * WORD(sp)
    .endr
    STORE ra, 12 * WORD(sp)
    STORE tp, 13 * WORD(sp)
    STORE gp, 14 * WORD(sp)
    mv t0, a0
    lla t1, poisoned_sp
    STORE sp, 0(t1)
    mv t1, a1
    .irp n, 0, 1, 2, 3, 4
    LOAD a\n, \n * WORD(t1)
    .endr
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    li s\n, 0x5A5A0000 + \n
    .endr
    li tp, 0x5A5A0055
    jalr t0
    lla t1, poisoned_sp
    LOAD t1, 0(t1)
    xor a0, sp, t1
    mv sp, t1
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    li t0, 0x5A5A0000 + \n
    xor t0, t0, s\n
    or a0, a0, t0
    .endr
    li t0, 0x5A5A0055
    xor t0, t0, tp
    or a0, a0, t0
    LOAD t0, 14 * WORD(sp)
    xor t0, t0, gp
    or a0, a0, t0
    snez a0, a0
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    LOAD s\n, \n * WORD(sp)
    .endr
    LOAD ra, 12 * WORD(sp)
    LOAD tp, 13 * WORD(sp)
    addi sp, sp, 16 * WORD
    ret
    .size poisoned_call, . - poisoned_call
    .bss
    .balign 8
poisoned_sp:
    .space 8
