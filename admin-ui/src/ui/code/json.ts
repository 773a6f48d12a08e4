/** JSON for CodeMirror: syntax, findings at their exact place, and marks at lines that a change touched. */
import { autocompletion, type CompletionSource } from '@codemirror/autocomplete';
import { json, jsonParseLinter } from '@codemirror/lang-json';
import { indentUnit } from '@codemirror/language';
import { linter, setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { RangeSetBuilder, type Extension } from '@codemirror/state';
import { Decoration, EditorView, highlightActiveLine, lineNumbers, ViewPlugin, type ViewUpdate } from '@codemirror/view';
import type { LineMark } from './JsonEditor.svelte';

interface JsonOptions {
  /** Find what is not JSON here; else the caller brings all findings by `showFindings`. */
  checked: boolean;
  complete?: CompletionSource;
}

/** Everything but the marks, which change with every keystroke elsewhere. */
export function jsonExtensions({ checked, complete }: JsonOptions): Extension[] {
  const syntax = jsonParseLinter();
  return [
    json(),
    indentUnit.of('  '),
    lineNumbers(),
    highlightActiveLine(),
    checked ? linter((view) => (view.state.doc.length ? syntax(view) : []), { delay: 250 }) : [],
    autocompletion({ icons: false, ...(complete && { override: [complete] }) }),
    ownKeywords,
    markLook,
  ];
}

/** Underlines what the caller found; offsets past the end of the text are cut. */
export function showFindings(view: EditorView, findings: Diagnostic[]): void {
  const end = view.state.doc.length;
  const within = findings.map((finding) => ({ ...finding, from: Math.min(finding.from, end), to: Math.min(finding.to, end) }));
  view.dispatch(setDiagnostics(view.state, within));
}

/** Tints the lines of `marks` and draws their bar. */
export function marksOf(marks: LineMark[]): Extension {
  if (marks.length === 0) return [];
  return EditorView.decorations.of((view) => {
    const builder = new RangeSetBuilder<Decoration>();
    for (const mark of [...marks].sort((a, b) => a.from - b.from)) {
      for (let line = mark.from; line <= Math.min(mark.to, view.state.doc.lines); line++) {
        const { from } = view.state.doc.line(line);
        builder.add(from, from, Decoration.line({ class: `cm-mark cm-mark-${mark.tone}` }));
      }
    }
    return builder.finish();
  });
}

const markLook = EditorView.baseTheme({
  '.cm-mark-allow': { backgroundColor: 'var(--allow-tint)', boxShadow: 'inset 3px 0 var(--allow)' },
  '.cm-mark-cond': { backgroundColor: 'var(--cond-tint)', boxShadow: 'inset 3px 0 var(--cond)' },
  '.cm-mark-accent': { backgroundColor: 'var(--accent-tint)', boxShadow: 'inset 3px 0 var(--accent)' },
  '.cm-mark-deny': { backgroundColor: 'var(--deny-tint)', boxShadow: 'inset 3px 0 var(--deny)' },
  '.cm-line': { padding: '0 16px 0 10px' },
  '.cm-own, .cm-own *': { color: 'var(--env-text) !important' },
});

/** Plinth's own `x-` keywords and `$schema` in the colour of their kind. */
const own = Decoration.mark({ class: 'cm-own' });
const ownKeywords = ViewPlugin.fromClass(
  class {
    decorations;
    constructor(view: EditorView) {
      this.decorations = ownIn(view);
    }
    update(update: ViewUpdate) {
      if (update.docChanged || update.viewportChanged) this.decorations = ownIn(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

function ownIn(view: EditorView) {
  const builder = new RangeSetBuilder<Decoration>();
  for (const { from, to } of view.visibleRanges) {
    for (const hit of view.state.sliceDoc(from, to).matchAll(/"(?:x-[\w-]+|\$\w+)"(?=\s*:)/g)) {
      builder.add(from + hit.index, from + hit.index + hit[0].length, own);
    }
  }
  return builder.finish();
}
