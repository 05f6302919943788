import * as Go from '$wails/go/desktop/VMs';
import { APIService } from './APIService';
import type { Address, ConnectionCheck, ConnectionTest, ExportFormat, Explanation, ImportReview, Look, PowerAction, Review, ReviewDecision, VM, VMEdit } from './types';

export class VMAPIService extends APIService {
  list = () => this.call<VM[]>(() => Go.List());
  create = (vm: VM) => this.call<VM>(() => Go.Create(vm));
  update = (vm: VM) => this.call<VM>(() => Go.Update(vm));
  edit = (ids: string[], edit: VMEdit) => this.call<VM[]>(() => Go.Edit(ids, { addTags: [], removeTags: [], ...edit } as Parameters<typeof Go.Edit>[1]));
  delete = (ids: string[]) => this.call<void>(() => Go.Delete(ids));
  restore = (ids: string[]) => this.call<VM[]>(() => Go.Restore(ids));
  parseAddress = (text: string) => this.call<Address>(() => Go.ParseAddress(text));
  discover = () => this.call<Review>(() => Go.Discover());
  apply = (decision: ReviewDecision) => this.call<VM[]>(() => Go.Apply(decision));
  test = (id: string) => this.call<ConnectionTest>(() => Go.Test(id));
  testUnsaved = (vm: VM) => this.call<ConnectionTest>(() => Go.TestUnsaved(vm));
  explain = (id: string) => this.call<Explanation>(() => Go.Explain(id));
  check = (id: string) => this.call<ConnectionCheck>(() => Go.Check(id));
  reach = (ids: string[]) => this.call<Look[]>(() => Go.Reach(ids));
  setPower = (id: string, action: PowerAction) => this.call<void>(() => Go.SetPower(id, action));
  reviewImport = (name: string, text: string) => this.call<ImportReview>(() => Go.ReviewImport(name, text));
  takeImport = (name: string, text: string, decision: ReviewDecision) => this.call<VM[]>(() => Go.TakeImport(name, text, decision));
  export = (format: ExportFormat, ids: string[]) => this.call<string>(() => Go.Export(format, ids));
  saveExport = (format: ExportFormat, ids: string[]) => this.call<string>(() => Go.SaveExport(format, ids));
  openTerminal = (id: string, commandId: string, values: Record<string, string>) => this.call<void>(() => Go.OpenTerminal(id, commandId, values));
  sshLine = (id: string) => this.call<string>(() => Go.SSHLine(id));
}
