/** CodeMirror by hand: what both editors share. Loaded only by screens that edit code. */
import { closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { Compartment, EditorState, type Extension } from '@codemirror/state';
import { EditorView, keymap, placeholder } from '@codemirror/view';
import { tags } from '@lezer/highlight';

/** The colours of code, by role; both themes follow from the tokens. */
const colours = HighlightStyle.define([
  { tag: tags.string, color: 'var(--allow-text)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--cond-text)' },
  { tag: [tags.propertyName, tags.function(tags.variableName)], color: 'var(--accent-text)' },
  { tag: [tags.keyword, tags.special(tags.propertyName), tags.standard(tags.variableName)], color: 'var(--env-text)' },
  { tag: [tags.operator, tags.punctuation, tags.separator], color: 'var(--text-3)' },
  { tag: tags.comment, color: 'var(--text-3)' },
]);

const look = EditorView.theme({
  '&': { color: 'var(--text)', backgroundColor: 'transparent', fontSize: '12px' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '20px' },
  '.cm-content': { padding: '8px 0', caretColor: 'var(--accent)' },
  '.cm-cursor': { borderLeftColor: 'var(--accent)' },
  '.cm-gutters': { backgroundColor: 'var(--code, var(--surface))', color: 'var(--text-3)', border: 'none' },
  '.cm-lineNumbers .cm-gutterElement': { padding: '0 12px 0 16px', minWidth: '28px' },
  '.cm-activeLine': { backgroundColor: 'transparent' },
  '.cm-activeLineGutter': { backgroundColor: 'inherit' },
  '&.cm-focused .cm-activeLine': { backgroundColor: 'var(--hover)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--accent-tint-2)',
  },
  '.cm-matchingBracket': { backgroundColor: 'var(--chip)', outline: 'none' },
  '.cm-placeholder': { color: 'var(--text-3)' },
  '.cm-tooltip': {
    border: '1px solid var(--line)',
    borderRadius: '8px',
    backgroundColor: 'var(--raised)',
    color: 'var(--text)',
    boxShadow: 'var(--shadow-2)',
    overflow: 'hidden',
  },
  // As specific as the editor's own rules, or those win.
  '.cm-tooltip.cm-tooltip-autocomplete': { marginTop: '6px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', padding: '4px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '2px 8px', lineHeight: '20px', borderRadius: '4px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': { backgroundColor: 'var(--active)', color: 'var(--text)' },
  '.cm-completionMatchedText': { textDecoration: 'none', color: 'var(--accent-text)', fontWeight: '600' },
  '.cm-completionDetail': { color: 'var(--text-3)', fontStyle: 'normal', fontFamily: 'var(--font)', marginLeft: '12px' },
  '.cm-diagnostic': { padding: '4px 10px', border: '0', fontFamily: 'var(--font)', fontSize: '12px' },
  '.cm-diagnostic-error': { borderLeft: '3px solid var(--deny)' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--deny)', textUnderlineOffset: '3px' },
  '.cm-lint-marker': { width: '8px', height: '8px' },
});

interface EditorOptions {
  parent: HTMLElement;
  value: string;
  extensions: Extension[];
  /** Accessible name. */
  label: string;
  hint?: string;
  readOnly?: boolean;
  onchange: (value: string) => void;
}

/** An editor in `parent`; `set` replaces the text from outside without a change event. */
export interface Editor {
  view: EditorView;
  set: (value: string) => void;
  /** Swaps the extensions that depend on the caller's state, as marks of changed lines. */
  configure: (extensions: Extension) => void;
  destroy: () => void;
}

/** Builds an editor with the shared keys, history and looks. */
export function createEditor(options: EditorOptions): Editor {
  const variable = new Compartment();
  let quiet = false;
  const view = new EditorView({
    parent: options.parent,
    state: EditorState.create({
      doc: options.value,
      extensions: [
        options.extensions,
        variable.of([]),
        history(),
        bracketMatching(),
        closeBrackets(),
        keymap.of([...completionKeymap, ...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap]),
        syntaxHighlighting(colours),
        look,
        options.hint ? placeholder(options.hint) : [],
        EditorState.readOnly.of(options.readOnly ?? false),
        EditorView.contentAttributes.of({ 'aria-label': options.label, spellcheck: 'false', autocapitalize: 'off', tabindex: '0' }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !quiet) options.onchange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    view,
    set: (value) => {
      if (value === view.state.doc.toString()) return;
      quiet = true;
      view.dispatch({ changes: difference(view.state.doc.toString(), value) });
      quiet = false;
    },
    configure: (extensions) => view.dispatch({ effects: variable.reconfigure(extensions) }),
    destroy: () => view.destroy(),
  };
}

/** The one replaced stretch between two texts, so that the cursor and the scroll stay where they are. */
function difference(before: string, after: string): { from: number; to: number; insert: string } {
  const most = Math.min(before.length, after.length);
  let from = 0;
  while (from < most && before[from] === after[from]) from++;
  let tail = 0;
  while (tail < most - from && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  return { from, to: before.length - tail, insert: after.slice(from, after.length - tail) };
}
