/* What the server has acknowledged, and what must therefore be on the photo at the end. */
import { sameBox, withChanges } from "../../static/js/editor/operations.js";

export class Ledger {
  /** @param {{revision: number, verified: boolean, negative: boolean, boxes: object[]}} start */
  constructor(start) {
    this.start = start;
    /** The batches acknowledged, each with the first revision told for it. @type {Map<string, {revision: number, body: object}>} */
    this.batches = new Map();
    /** What each person made of each box last. @type {Map<string, {name: string, id: string, box: object | null}>} */
    this.meanings = new Map();
    this.faults = [];
    this.made = 0;
  }

  done(body, revision) {
    const known = this.batches.get(body.batch);
    this.batches.set(body.batch, { body, revision: Math.min(revision, known?.revision ?? revision) });
  }

  mean(name, id, box) {
    this.meanings.set(`${name} ${id}`, { name, id, box });
  }

  forget(name, id) {
    this.meanings.delete(`${name} ${id}`);
  }

  /** Two lists of boxes must be the same ones. */
  compare(who, boxes, expected) {
    const there = new Map(boxes.map((box) => [box.id, box]));
    if (there.size !== boxes.length) this.faults.push(`${who} has a box twice`);
    for (const box of expected) if (!sameBox(box, there.get(box.id))) this.faults.push(`${who} has not the box ${box.id}`);
    if (there.size > expected.length) this.faults.push(`${who} has ${there.size - expected.length} boxes too many`);
  }

  /** Do every acknowledged batch once, in the order of the server, and compare. @returns {string[]} what is wrong */
  judge(end) {
    const inOrder = [...this.batches.values()].sort((a, b) => a.revision - b.revision);
    if (inOrder.some(({ revision }, index) => revision !== this.start.revision + index + 1)) this.faults.push("a batch was done twice, or not at all");
    const values = new Map(this.start.boxes.map((box) => [box.id, [box]]));
    let content = this.start;
    for (const { body } of inOrder) {
      this.check(content, body);
      for (const { id, box } of body.operations) values.set(id, [...(values.get(id) ?? [null]), box]);
      content = withChanges(content, body);
    }
    this.made = [...values.values()].filter((states) => states[0] === null).length;
    this.compare("the server", end.boxes, content.boxes);
    for (const { name, id, box } of this.meanings.values()) {
      if (!(values.get(id) ?? [null]).some((value) => sameBox(value, box))) this.faults.push(`what ${name} made of ${id} was never saved`);
    }
    return this.faults;
  }

  /** Nobody writes over a box that they have not seen. */
  check(content, body) {
    const present = new Map(content.boxes.map((box) => [box.id, box]));
    for (const { id, box, was } of body.operations) {
      const now = present.get(id);
      if (!sameBox(now, was) && !sameBox(now, box)) this.faults.push(`${id} was written over unseen`);
    }
  }
}
