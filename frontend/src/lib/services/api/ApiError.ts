import type { AppError } from './types';

/** The one form in which a failed call reaches a store. */
export class ApiError extends Error implements AppError {
  readonly code: string;
  readonly hint: string;
  readonly field: string;
  readonly details: string;

  constructor(e: Partial<AppError>) {
    super(e.message ?? 'Something went wrong.');
    this.code = e.code ?? 'internal';
    this.hint = e.hint ?? '';
    this.field = e.field ?? '';
    this.details = e.details ?? '';
  }

  /** Reads what a bound method rejects with: JSON text, or whatever the runtime itself throws. */
  static from(reason: unknown): ApiError {
    if (reason instanceof ApiError) return reason;
    const text = reason instanceof Error ? reason.message : String(reason);
    try {
      const parsed: unknown = JSON.parse(text);
      if (parsed && typeof parsed === 'object' && 'message' in parsed) return new ApiError(parsed as Partial<AppError>);
    } catch {
      // not JSON: the runtime's own text
    }
    return new ApiError({ code: 'internal', message: 'The app did not answer', hint: 'Try again.', details: text });
  }
}
