package dev.filigree.zoo.data;

/**
 * A text. Whether it belongs to training or to validation is decided by its name, so pieces that
 * must stay together carry the same name.
 *
 * @param name where it comes from: a path inside its source, with the line for JSON lines
 * @param text UTF-8
 */
@SuppressWarnings("ArrayRecordComponent") // documents are passed on, never compared
public record Document(String name, byte[] text) {}
