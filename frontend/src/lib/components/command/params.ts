import type { Param, ParamType } from '../../services/api/types';

/** A parameter as the form has it: what is typed, which need not be right yet. */
export type Row = Omit<Param, 'choices' | 'min' | 'max'> & { choices: string; min: string; max: string };

export const types: { value: ParamType; label: string }[] = [
  { value: 'text', label: 'Text' }, { value: 'number', label: 'Number' }, { value: 'choice', label: 'Choice' }, { value: 'output', label: 'From a script' },
  { value: 'bool', label: 'Yes or no' }, { value: 'secret', label: 'Secret' }, { value: 'file', label: 'File' },
];

const bound = (n: number | null | undefined): string => (n === null || n === undefined ? '' : String(n));
const number = (text: string): number | null => (text.trim() === '' || !Number.isFinite(Number(text.replace(',', '.'))) ? null : Number(text.replace(',', '.')));

export const choicesOf = (text: string): string[] => [...new Set(text.split(',').map((c) => c.trim()).filter(Boolean))];

export const toRow = (p: Param): Row => ({ ...p, choices: p.choices.join(', '), min: bound(p.min), max: bound(p.max) });

export const toParam = (r: Row): Param => ({
  ...r,
  choices: r.type === 'choice' ? choicesOf(r.choices) : [],
  pattern: ['text', 'number', 'output', 'secret', 'file'].includes(r.type) ? r.pattern : '',
  stdin: r.type === 'secret' && r.stdin,
  min: r.type === 'number' ? number(r.min) : null,
  max: r.type === 'number' ? number(r.max) : null,
  from: r.type === 'output' ? r.from : '',
  fromLocal: r.type === 'output' && r.fromLocal,
});

export const fresh = (name: string): Row => ({ name, type: 'text', default: '', choices: '', required: true, pattern: '', help: '', stdin: false, min: '', max: '', from: '', fromLocal: false });
