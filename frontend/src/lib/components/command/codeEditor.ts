import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { HighlightStyle, StreamLanguage, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { shell } from '@codemirror/legacy-modes/mode/shell';
import { EditorState, StateEffect, StateField, type Range } from '@codemirror/state';
import { Decoration, EditorView, MatchDecorator, ViewPlugin, highlightActiveLine, highlightSpecialChars, keymap, lineNumbers, placeholder, type DecorationSet, type ViewUpdate } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import type { LintHint } from '../../services/api/types';

/** An editor for a script: what is in it is kept byte for byte, so a line ends at \n alone and a \r is a character. */
export interface CodeEditor {
  set(text: string): void;
  setHints(hints: LintHint[]): void;
  setInvalid(describedBy: string): void;
  goTo(line: number): void;
  /** Selects and takes the focus; both ends in UTF-16 units. */
  select(from: number, to: number): void;
  destroy(): void;
}

const colours = HighlightStyle.define([
  { tag: tags.comment, color: 'var(--text-3)', fontStyle: 'italic' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--ok)' },
  { tag: [tags.keyword, tags.standard(tags.variableName)], color: 'var(--run)' },
  { tag: [tags.definition(tags.variableName), tags.variableName], color: 'var(--warn)' },
  { tag: [tags.number, tags.atom], color: 'var(--accent)' },
  { tag: tags.attributeName, color: 'var(--text-2)' },
]);

const theme = EditorView.theme({
  '&': { height: '100%', fontSize: '12.5px', backgroundColor: 'var(--sunken)', color: 'var(--text)', borderRadius: '6px' },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '1px' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '20px', fontVariantLigatures: 'none', overflow: 'auto' },
  '.cm-content': { caretColor: 'var(--text)', padding: '6px 0' },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--text-3)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'color-mix(in oklch, var(--selected) 45%, transparent)' },
  '.cm-content ::selection': { backgroundColor: 'color-mix(in oklch, var(--accent) 30%, transparent)' },
  '.cm-param': { backgroundColor: 'color-mix(in oklch, var(--accent) 14%, transparent)', color: 'color-mix(in oklch, var(--accent) 78%, var(--text))', borderRadius: '4px', padding: '1px 2px' },
  '.cm-hint-error': { textDecoration: 'underline wavy var(--bad)' },
  '.cm-hint-warning': { textDecoration: 'underline wavy var(--warn)' },
  '.cm-hint-info, .cm-hint-style': { textDecoration: 'underline dotted var(--text-3)' },
  '.cm-placeholder': { color: 'var(--text-3)' },
});

const matcher = new MatchDecorator({ regexp: /\{\{[ \t]*[A-Za-z_][A-Za-z0-9_-]{0,31}[ \t]*\}\}/g, decoration: Decoration.mark({ class: 'cm-param' }) });
const params = ViewPlugin.fromClass(class {
  decorations: DecorationSet;
  constructor(view: EditorView) { this.decorations = matcher.createDeco(view); }
  update(u: ViewUpdate) { this.decorations = matcher.updateDeco(u, this.decorations); }
}, { decorations: (v) => v.decorations });

const setHints = StateEffect.define<DecorationSet>();
const hintField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, tr) {
    for (const e of tr.effects) if (e.is(setHints)) return e.value;
    return marks.map(tr.changes);
  },
  provide: (f) => EditorView.decorations.from(f),
});

export function createCodeEditor(parent: HTMLElement, options: { text: string; label: string; hint: string; onchange: (text: string) => void }): CodeEditor {
  let escaped = 0;
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        EditorState.lineSeparator.of('\n'), lineNumbers(), history(), highlightSpecialChars(), highlightActiveLine(), placeholder(options.hint), params, hintField,
        StreamLanguage.define(shell), syntaxHighlighting(colours), theme, indentUnit.of('    '),
        // Esc, then Tab, leaves: the editor itself lets the next Tab through. That Esc is not for the dialog.
        EditorView.domEventHandlers({
          keydown(e) {
            if (e.key !== 'Escape') return false;
            if (Date.now() - escaped > 2000) { escaped = Date.now(); e.stopPropagation(); }
            return false;
          },
        }),
        // Ctrl+Enter is the form's.
        keymap.of([indentWithTab, ...historyKeymap, ...defaultKeymap.filter((k) => k.key !== 'Mod-Enter')]),
        EditorView.contentAttributes.of({ 'aria-label': options.label, id: 'command-script', spellcheck: 'false', autocorrect: 'off', autocapitalize: 'off' }),
        EditorView.updateListener.of((u) => { if (u.docChanged) options.onchange(u.state.sliceDoc()); }),
      ],
    }),
  });
  const offset = (line: number, column: number): number => {
    const l = view.state.doc.line(Math.max(1, Math.min(line, view.state.doc.lines)));
    return Math.min(l.from + Math.max(0, column - 1), l.to);
  };
  return {
    set(text) {
      if (text !== view.state.sliceDoc()) view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: view.state.toText(text) } });
    },
    setHints(hints) {
      const marks: Range<Decoration>[] = [];
      for (const h of hints) {
        const from = offset(h.line, h.column);
        const to = Math.max(from, offset(h.endLine, h.endColumn));
        if (to > from) marks.push(Decoration.mark({ class: `cm-hint-${h.level}`, attributes: { title: h.message } }).range(from, to));
      }
      view.dispatch({ effects: setHints.of(Decoration.set(marks, true)) });
    },
    setInvalid(describedBy) {
      if (describedBy) { view.contentDOM.setAttribute('aria-invalid', 'true'); view.contentDOM.setAttribute('aria-describedby', describedBy); }
      else { view.contentDOM.removeAttribute('aria-invalid'); view.contentDOM.removeAttribute('aria-describedby'); }
    },
    goTo(line) {
      view.dispatch({ selection: { anchor: offset(line, 1) }, scrollIntoView: true });
      view.focus();
    },
    select(from, to) {
      const end = view.state.doc.length;
      view.dispatch({ selection: { anchor: Math.min(from, end), head: Math.min(to, end) }, scrollIntoView: true });
      view.focus();
    },
    destroy: () => view.destroy(),
  };
}
