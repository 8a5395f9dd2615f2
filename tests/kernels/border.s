# The globals that a Weir module exports. The input of a step goes where `weir_heap` says at the start.
	.globaltype	weir_heap, i32
	.globaltype	weir_site, i32
	.globl	weir_heap
	.globl	weir_site
	.export_name	weir_heap, weir_heap
	.export_name	weir_site, weir_site
weir_heap:
weir_site:
