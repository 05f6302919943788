import * as Go from '$wails/go/desktop/VMs';
import { APIService } from './APIService';
import type { Address, ConnectionCheck, ConnectionTest, Explanation, Review, ReviewDecision, VM } from './types';

export class VMAPIService extends APIService {
  list = () => this.call<VM[]>(() => Go.List());
  create = (vm: VM) => this.call<VM>(() => Go.Create(vm));
  update = (vm: VM) => this.call<VM>(() => Go.Update(vm));
  delete = (id: string) => this.call<void>(() => Go.Delete(id));
  restore = (id: string) => this.call<VM>(() => Go.Restore(id));
  parseAddress = (text: string) => this.call<Address>(() => Go.ParseAddress(text));
  discover = () => this.call<Review>(() => Go.Discover());
  apply = (decision: ReviewDecision) => this.call<VM[]>(() => Go.Apply(decision));
  test = (id: string) => this.call<ConnectionTest>(() => Go.Test(id));
  testUnsaved = (vm: VM) => this.call<ConnectionTest>(() => Go.TestUnsaved(vm));
  explain = (id: string) => this.call<Explanation>(() => Go.Explain(id));
  check = (id: string) => this.call<ConnectionCheck>(() => Go.Check(id));
  setFavourite = (id: string, on: boolean) => this.call<VM>(() => Go.SetFavourite(id, on));
  openTerminal = (id: string, commandId: string, values: Record<string, string>) => this.call<void>(() => Go.OpenTerminal(id, commandId, values));
  sshLine = (id: string) => this.call<string>(() => Go.SSHLine(id));
}
