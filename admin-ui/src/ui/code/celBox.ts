/** The two shapes of an expression: one line that Enter submits, or many with numbers and failing lines marked. */
import { EditorState, RangeSetBuilder, type Extension } from '@codemirror/state';
import { Decoration, EditorView, keymap, lineNumbers } from '@codemirror/view';

/** `one` drops line breaks that are pasted; `many` wraps and numbers. */
export function boxExtensions(lines: 'one' | 'many', submit: () => void): Extension {
  if (lines === 'many') {
    return [lineNumbers(), EditorView.lineWrapping, keymap.of([{ key: 'Mod-Enter', run: () => (submit(), true) }])];
  }
  return [
    EditorState.transactionFilter.of((transaction) => {
      if (transaction.newDoc.lines < 2) return transaction;
      const text = transaction.newDoc.toString().replace(/\s*\n\s*/g, ' ');
      return [{ changes: { from: 0, to: transaction.startState.doc.length, insert: text }, selection: { anchor: text.length } }];
    }),
    keymap.of([{ key: 'Enter', run: () => (submit(), true) }]),
  ];
}

/** Marks the lines of a condition that did not hold. */
export function failingLines(lines: number[]): Extension {
  return [
    look,
    EditorView.decorations.of((view) => {
      const builder = new RangeSetBuilder<Decoration>();
      for (const line of [...lines].sort((a, b) => a - b)) {
        if (line < 1 || line > view.state.doc.lines) continue;
        const { from } = view.state.doc.line(line);
        builder.add(from, from, Decoration.line({ class: 'cm-failing' }));
      }
      return builder.finish();
    }),
  ];
}

/** Underlines the stretch that a problem names; one behind the end marks the last character. */
export function faultAt(fault: { from: number; to: number } | null): Extension {
  if (!fault) return [];
  return EditorView.decorations.of(({ state }) => {
    const from = Math.max(0, Math.min(fault.from, state.doc.length - 1));
    const to = Math.min(Math.max(fault.to, from + 1), state.doc.length);
    return from < to ? Decoration.set(Decoration.mark({ class: 'cm-lintRange-error' }).range(from, to)) : Decoration.none;
  });
}

const look = EditorView.baseTheme({
  '.cm-failing': { backgroundColor: 'var(--deny-tint)', boxShadow: 'inset 3px 0 var(--deny)' },
});
