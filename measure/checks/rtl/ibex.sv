// SPDX-FileCopyrightText: 2026 lstmcu contributors
// SPDX-License-Identifier: Apache-2.0
// Ibex, configuration "small", with the bare bus that harness.cpp serves.
module core (
    input logic clk, input logic rst_n,
    output logic instr_req, output logic [31:0] instr_addr, input logic instr_valid, input logic [31:0] instr_data,
    output logic data_req, output logic data_we, output logic [3:0] data_be, output logic [31:0] data_addr,
    output logic [31:0] data_out, input logic data_valid, input logic [31:0] data_in,
    output logic decoding, output logic [31:0] pc
);
  import ibex_pkg::*;
  logic [4:0] raddr_a, raddr_b, waddr;
  logic [31:0] rdata_a, rdata_b, wdata;
  logic we;
  logic [IC_TAG_SIZE-1:0] no_tag [IC_NUM_WAYS];
  logic [IC_LINE_SIZE-1:0] no_line [IC_NUM_WAYS];

  // The name is that of ibex_top: assertions in ibex_core look for it.
  ibex_core u_ibex_core (
      .clk_i(clk), .rst_ni(rst_n), .hart_id_i(32'd0), .boot_addr_i(32'h7FFF_FF00),
      .instr_req_o(instr_req), .instr_gnt_i(instr_req), .instr_rvalid_i(instr_valid), .instr_addr_o(instr_addr),
      .instr_rdata_i(instr_data), .instr_err_i(1'b0),
      .data_req_o(data_req), .data_gnt_i(data_req), .data_rvalid_i(data_valid), .data_we_o(data_we),
      .data_be_o(data_be), .data_addr_o(data_addr), .data_wdata_o(data_out), .data_rdata_i(data_in),
      .data_err_i(1'b0),
      .rf_raddr_a_o(raddr_a), .rf_raddr_b_o(raddr_b), .rf_waddr_wb_o(waddr), .rf_we_wb_o(we),
      .rf_wdata_wb_ecc_o(wdata), .rf_rdata_a_ecc_i(rdata_a), .rf_rdata_b_ecc_i(rdata_b),
      .ic_tag_rdata_i(no_tag), .ic_data_rdata_i(no_line), .ic_scr_key_valid_i(1'b0),
      .irq_software_i(1'b0), .irq_timer_i(1'b0), .irq_external_i(1'b0), .irq_fast_i(15'd0), .irq_nm_i(1'b0),
      .debug_req_i(1'b0), .fetch_enable_i(IbexMuBiOn)
  );
  ibex_register_file_ff #(.DataWidth(32)) registers (
      .clk_i(clk), .rst_ni(rst_n), .test_en_i(1'b0), .dummy_instr_id_i(1'b0), .dummy_instr_wb_i(1'b0),
      .raddr_a_i(raddr_a), .rdata_a_o(rdata_a), .raddr_b_i(raddr_b), .rdata_b_o(rdata_b),
      .waddr_a_i(waddr), .wdata_a_i(wdata), .we_a_i(we)
  );
  assign decoding = u_ibex_core.instr_valid_id;
  assign pc = u_ibex_core.pc_id;
endmodule
