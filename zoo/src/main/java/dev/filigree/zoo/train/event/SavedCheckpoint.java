package dev.filigree.zoo.train.event;

import java.nio.file.Path;

/**
 * A checkpoint that is whole on disk.
 *
 * @param step optimizer steps finished
 * @param directory its files
 */
public record SavedCheckpoint(long step, Path directory) {}
