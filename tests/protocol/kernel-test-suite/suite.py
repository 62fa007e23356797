"""jupyter_kernel_test against the installed kernelspec `labflow`; prints what happened as one line of JSON.

Run by kernel-test-suite.test.ts, which installs the kernelspec into a temp data folder first.
"""
import io
import json
import os
import sys
import unittest

import jupyter_kernel_test

DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


class LabflowTests(jupyter_kernel_test.KernelTests):
    kernel_name = "labflow"
    language_name = "typescript"
    file_extension = ".ts"

    code_hello_world = "console.log('hello, world')"
    code_stderr = "console.error('oops')"

    completion_samples = [
        {"text": "Math.sqr", "matches": ["sqrt"]},
        {"text": "const someText = 'a'; someText.toUpp", "matches": ["toUpperCase"]},
        {"text": "JSON.pars", "matches": ["parse"]},
    ]

    complete_code_samples = [
        "1",
        "const a: number = 1",
        "function f<T>(x: T): T { return x }",
        "for (const x of [1, 2]) { console.log(x) }",
        "await Promise.resolve(1)",
        "import { readFileSync } from 'node:fs'",
        "%who",
    ]
    incomplete_code_samples = ["function f() {", "const a = [1,", "`template", "if (true) {", "f(", "/* comment"]
    invalid_code_samples = ["const const", "foo(]", "let 1a = 2", "a b c"]

    code_page_something = "Math.max?"
    code_generate_error = "throw new RangeError('boom')"

    code_execute_result = [
        {"code": "1+2+3", "result": "6"},
        {"code": "const [a, b]: number[] = [20, 22]; a + b", "result": "42"},
        {"code": "await Promise.resolve(7)", "result": "7"},
        {"code": "html`<b>x</b>`", "mime": "text/html", "result": "<b>x</b>"},
    ]

    code_display_data = [
        {"code": "display.html('<b>bold</b>')", "mime": "text/html"},
        {"code": f"display.png('{DOT}')", "mime": "image/png"},
        {"code": "display.svg('<svg xmlns=\"http://www.w3.org/2000/svg\"/>')", "mime": "image/svg+xml"},
        {"code": "display.latex('x^2')", "mime": "text/latex"},
        {"code": "display.json({ a: [1, 2] })", "mime": "application/json"},
        {"code": "display.markdown('# head')", "mime": "text/markdown"},
        {"code": "display(svg`<svg xmlns=\"http://www.w3.org/2000/svg\"/>`)", "mime": "image/svg+xml"},
    ]

    code_history_pattern = "1?2*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "Math.max"
    code_clear_output = "console.log('a'); clearOutput()"


class LabflowWelcomeTests(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = "labflow"
    support_iopub_welcome = True


def main() -> int:
    loader = unittest.defaultTestLoader
    suite = unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in (LabflowTests, LabflowWelcomeTests))
    report = io.StringIO()
    result = unittest.TextTestRunner(stream=report, verbosity=2).run(suite)
    summary = {
        "run": result.testsRun,
        "failures": [[str(case), text] for case, text in result.failures],
        "errors": [[str(case), text] for case, text in result.errors],
        "skipped": [[str(case), text] for case, text in result.skipped],
    }
    print(json.dumps(summary))
    return 0


if __name__ == "__main__":
    sys.stdout = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the kernel process prints must not mix with the summary
    sys.exit(main())
