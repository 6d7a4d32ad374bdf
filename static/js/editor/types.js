/* The words the editor's modules share. No code: types for readers and for `tsc --checkJs`. */

/**
 * @typedef {{x: number, y: number}} Point In pixels: of the image, or of the stage where a name says so.
 * @typedef {{x1: number, y1: number, x2: number, y2: number}} Rect Pixel edges of the upright image, x1 < x2, y1 < y2.
 * @typedef {{width: number, height: number}} Size
 * @typedef {{scale: number, x: number, y: number}} View Stage pixels per image pixel, and where the image's corner lies.
 * @typedef {"nw" | "n" | "ne" | "e" | "se" | "s" | "sw" | "w"} Handle
 * @typedef {{difficult: boolean, truncated: boolean, occluded: boolean}} Flags
 * @typedef {Rect & Flags & {id: string, class_id: number, source: string, score: number | null}} Box
 * @typedef {{id: number, number: number, name: string, colour: string, hotkey: string, retired?: boolean}} LabelClass A retired one is kept by boxes that have it.
 * @typedef {{verified: boolean, negative: boolean}} Marks What is said of the whole photo.
 * @typedef {Marks & {boxes: Box[]}} Content Everything one save carries.
 */

export {};
