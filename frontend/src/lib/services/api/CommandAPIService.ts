import * as Go from '$wails/go/desktop/Commands';
import { APIService } from './APIService';
import type { Command, Preview } from './types';

export class CommandAPIService extends APIService {
  list = () => this.call<Command[]>(() => Go.List());
  create = (c: Command) => this.call<Command>(() => Go.Create(c));
  update = (c: Command) => this.call<Command>(() => Go.Update(c));
  delete = (id: string) => this.call<void>(() => Go.Delete(id));
  restore = (id: string) => this.call<Command>(() => Go.Restore(id));
  preview = (c: Command, values: Record<string, string>) => this.call<Preview>(() => Go.Preview(c, values));
}
