import * as Go from '$wails/go/desktop/Commands';
import type { command, domain } from '$wails/go/models';
import { APIService } from './APIService';
import type { Command, CommandImport, CommandImportRow, CommandLibrary, CommandResult, CommandVersion, KeptSecrets, LintHint, Param, Preview, Suggestion } from './types';

export class CommandAPIService extends APIService {
  list = () => this.call<Command[]>(() => Go.List());
  create = (c: Command) => this.call<Command>(() => Go.Create(c as domain.Command));
  update = (c: Command) => this.call<Command>(() => Go.Update(c as domain.Command));
  delete = (id: string) => this.call<void>(() => Go.Delete(id));
  restore = (id: string) => this.call<Command>(() => Go.Restore(id));
  preview = (c: Command, values: Record<string, string>) => this.call<Preview>(() => Go.Preview(c as domain.Command, values));
  versions = (id: string) => this.call<CommandVersion[]>(() => Go.Versions(id));
  arrange = (group: string, ids: string[]) => this.call<void>(() => Go.Arrange(group, ids));
  results = () => this.call<CommandResult[]>(() => Go.Results());
  /** shellcheck's remarks; none where it isn't installed. */
  lint = (script: string) => this.call<LintHint[]>(() => Go.Lint(script));
  choices = (p: Param, vmId: string) => this.call<string[]>(() => Go.Choices(p as domain.Param, vmId));
  suggestions = () => this.call<Suggestion[]>(() => Go.Suggestions());
  export = (format: 'yaml' | 'ansible', ids: string[]) => this.call<string>(() => Go.Export(format, ids));
  /** Both ask where to, and answer the path, or "" if the person thought better of it. */
  saveExport = (format: 'yaml' | 'ansible', ids: string[]) => this.call<string>(() => Go.SaveExport(format, ids));
  saveFolder = (ids: string[]) => this.call<string>(() => Go.SaveFolder(ids));
  chooseFile = (title: string, folder: boolean) => this.call<string>(() => Go.ChooseFile(title, folder));
  reviewImport = (path: string) => this.call<CommandImport>(() => Go.ReviewImport(path));
  takeImport = (rows: CommandImportRow[]) => this.call<number>(() => Go.TakeImport(rows as unknown as command.ImportRow[]));
  reviewShipped = () => this.call<CommandImportRow[]>(() => Go.ReviewShipped());
  takeShipped = (ids: string[]) => this.call<number>(() => Go.TakeShipped(ids));
  library = () => this.call<CommandLibrary>(() => Go.Library());
  setLibrary = (folder: string) => this.call<CommandLibrary>(() => Go.SetLibrary(folder));
  /** The secret parameters of a command that the keychain has; it may ask the person to unlock it. */
  kept = (id: string) => this.call<KeptSecrets>(() => Go.Kept(id));
  keep = (id: string, name: string, value: string) => this.call<void>(() => Go.Keep(id, name, value));
  forget = (id: string, name: string) => this.call<void>(() => Go.Forget(id, name));
}
