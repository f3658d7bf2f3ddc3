package dev.filigree.zoo.train;

/** A file that a run writes down what happens in. */
interface RunLog extends TrainingListener, AutoCloseable {
  /**
   * Syncs and closes the file.
   *
   * @throws TrainingException when it cannot be written
   */
  @Override
  void close();
}
