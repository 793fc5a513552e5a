// SPDX-FileCopyrightText: 2026 lstmcu contributors
// SPDX-License-Identifier: Apache-2.0
// CV32E40P without its own extensions, with the bare bus that harness.cpp serves.
module core (
    input logic clk, input logic rst_n,
    output logic instr_req, output logic [31:0] instr_addr, input logic instr_valid, input logic [31:0] instr_data,
    output logic data_req, output logic data_we, output logic [3:0] data_be, output logic [31:0] data_addr,
    output logic [31:0] data_out, input logic data_valid, input logic [31:0] data_in,
    output logic decoding, output logic [31:0] pc
);
  cv32e40p_core u_core (
      .clk_i(clk), .rst_ni(rst_n), .pulp_clock_en_i(1'b0), .scan_cg_en_i(1'b0),
      .boot_addr_i(32'h7FFF_FF80), .mtvec_addr_i(32'h7FFF_FF00), .dm_halt_addr_i(32'd0), .hart_id_i(32'd0),
      .dm_exception_addr_i(32'd0),
      .instr_req_o(instr_req), .instr_gnt_i(instr_req), .instr_rvalid_i(instr_valid), .instr_addr_o(instr_addr),
      .instr_rdata_i(instr_data),
      .data_req_o(data_req), .data_gnt_i(data_req), .data_rvalid_i(data_valid), .data_we_o(data_we),
      .data_be_o(data_be), .data_addr_o(data_addr), .data_wdata_o(data_out), .data_rdata_i(data_in),
      .apu_gnt_i(1'b0), .apu_rvalid_i(1'b0), .apu_result_i(32'd0), .apu_flags_i('0),
      .irq_i(32'd0), .debug_req_i(1'b0), .fetch_enable_i(1'b1)
  );
  assign decoding = u_core.instr_valid_id;
  assign pc = u_core.pc_id;
endmodule

// The clock is never stopped: nothing sleeps.
module cv32e40p_clock_gate (
    input logic clk_i, input logic en_i, input logic scan_cg_en_i, output logic clk_o
);
  assign clk_o = clk_i;
endmodule
