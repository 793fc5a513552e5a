# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The stub of tests/support/assembly.py for cores with Thumb-2: ARMv7-M, ARMv7E-M, and ARMv8.1-M with vectors."""

STUB = """
    .syntax unified
    .thumb
/* int poisoned_call(void (*function)(), const uintptr_t arguments[5]): 0 when r4 - r11 and sp survived */
    .global poisoned_call
    .type poisoned_call, %function
    .thumb_func
poisoned_call:
    push {r3-r11, lr}
    ldr r12, =poisoned_sp
    sub sp, sp, #8
    str sp, [r12]
    ldr r2, [r1, #16]
    str r2, [sp]
    mov r12, r0
    ldm r1, {r0-r3}
    .irp n, 4, 5, 6, 7, 8, 9, 10, 11
    ldr r\\n, =0x5A5A0000 + \\n
    .endr
    blx r12
    ldr r12, =poisoned_sp
    ldr r12, [r12]
    sub r0, sp, r12
    .irp n, 4, 5, 6, 7, 8, 9, 10, 11
    ldr r1, =0x5A5A0000 + \\n
    eor r1, r1, r\\n
    orr r0, r0, r1
    .endr
    mov sp, r12
    add sp, sp, #8
    pop {r3-r11, pc}
    .ltorg
    .size poisoned_call, . - poisoned_call
    .bss
    .balign 4
poisoned_sp:
    .space 4
"""

# ... with what keeps the caller's d8 - d15, fills them and looks at them
SINGLES = ", ".join(map(str, range(16, 32)))
FILL = f"""
    .irp n, {SINGLES}
    ldr r2, =0x5A5A0000 + \\n
    vmov s\\n, r2
    .endr
    ldm r1, {{r0-r3}}
"""
LOOK = f"""
    .irp n, {SINGLES}
    ldr r1, =0x5A5A0000 + \\n
    vmov r2, s\\n
    eor r1, r1, r2
    orr r0, r0, r1
    .endr
    mov sp, r12
"""
VECTOR_STUB = (
    STUB.replace("r4 - r11 and sp", "r4 - r11, d8 - d15 and sp")
    .replace("    push {r3-r11, lr}\n", "    push {r3-r11, lr}\n    vpush {d8-d15}\n")
    .replace("    ldm r1, {r0-r3}\n", FILL)
    .replace("    mov sp, r12\n", LOOK)
    .replace("    pop {r3-r11, pc}\n", "    vpop {d8-d15}\n    pop {r3-r11, pc}\n")
)
