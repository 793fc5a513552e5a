/* SPDX-FileCopyrightText: 2026 lstmcu contributors
 * SPDX-License-Identifier: Apache-2.0 */
/* How the tests call a kernel: the registers that it must keep are filled before, and looked at after. */
    .syntax unified
    .thumb
/* int poisoned_call(void (*function)(), const uintptr_t arguments[5]): 0 when r4 - r11 and sp survived */
    .global poisoned_call
    .type poisoned_call, %function
    .thumb_func
poisoned_call:
    push {r4-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r3-r7}
    sub sp, sp, #8
    ldr r4, =poisoned_sp
    mov r5, sp
    str r5, [r4]
    ldr r2, [r1, #16]
    str r2, [sp]
    mov r12, r0
    .irp n, 8, 9, 10, 11
    ldr r4, =0x5A5A0000 + \n
    mov r\n, r4
    .endr
    .irp n, 4, 5, 6, 7
    ldr r\n, =0x5A5A0000 + \n
    .endr
    ldm r1, {r0-r3}
    blx r12
    ldr r1, =poisoned_sp
    ldr r1, [r1]
    mov r0, sp
    subs r0, r0, r1
    mov sp, r1
    .irp n, 4, 5, 6, 7, 8, 9, 10, 11
    ldr r1, =0x5A5A0000 + \n
    mov r2, r\n
    eors r1, r1, r2
    orrs r0, r0, r1
    .endr
    add sp, sp, #8
    pop {r3-r7}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    pop {r4-r7, pc}
    .ltorg
    .size poisoned_call, . - poisoned_call
    .bss
    .balign 4
poisoned_sp:
    .space 4
