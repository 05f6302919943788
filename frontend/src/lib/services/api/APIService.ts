import { ApiError } from './ApiError';

/** What every API service is made of: a call to a bound method, with errors in one form. */
export abstract class APIService {
  protected async call<T>(method: () => Promise<unknown>): Promise<T> {
    try {
      return (await method()) as T;
    } catch (reason) {
      throw ApiError.from(reason);
    }
  }
}
