"""For programs that ask while somebody writes: the language server (`lsp`) and the tools for coding agents (`mcp`)."""
