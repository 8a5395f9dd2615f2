; A mark beside each test, which runs it: the task `weir-test` in `tasks.json`.
((test_declaration name: (string (string_content) @run @_name)) @_test
  (#set! tag weir-test))
