/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/* How the tests call a kernel: the registers that it must keep are filled before, and looked at after; s16 - s31 are
 * d8 - d15 and vectors' q4 - q7. */
    .syntax unified
    .thumb
/* int poisoned_call(void (*function)(), const uintptr_t arguments[5]): 0 when r4 - r11, s16 - s31 and sp survived */
    .global poisoned_call
    .type poisoned_call, %function
    .thumb_func
poisoned_call:
    push {r3-r11, lr}
#ifdef __ARM_FP
    vpush {s16-s31}
#endif
    ldr r12, =poisoned_sp
    sub sp, sp, #8
    str sp, [r12]
    ldr r2, [r1, #16]
    str r2, [sp]
    mov r12, r0
#ifdef __ARM_FP
    .irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    ldr r2, =0x5A5A0000 + \n
    vmov s\n, r2
    .endr
#endif
    ldm r1, {r0-r3}
    .irp n, 4, 5, 6, 7, 8, 9, 10, 11
    ldr r\n, =0x5A5A0000 + \n
    .endr
    blx r12
    ldr r12, =poisoned_sp
    ldr r12, [r12]
    sub r0, sp, r12
    .irp n, 4, 5, 6, 7, 8, 9, 10, 11
    ldr r1, =0x5A5A0000 + \n
    eor r1, r1, r\n
    orr r0, r0, r1
    .endr
#ifdef __ARM_FP
    .irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    ldr r1, =0x5A5A0000 + \n
    vmov r2, s\n
    eor r1, r1, r2
    orr r0, r0, r1
    .endr
#endif
    mov sp, r12
    add sp, sp, #8
#ifdef __ARM_FP
    vpop {s16-s31}
#endif
    pop {r3-r11, pc}
    .ltorg
    .size poisoned_call, . - poisoned_call
    .bss
    .balign 4
poisoned_sp:
    .space 4
