package dev.filigree.zoo.train;

import dev.filigree.optim.Replica;
import dev.filigree.zoo.config.Device;
import dev.filigree.zoo.data.Batch;
import dev.filigree.zoo.model.Model;
import dev.filigree.zoo.train.event.TrainingException;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;

/** The device that a run computes on. */
final class Hardware {
  private final boolean cuda;
  private final Replica replica;

  private Hardware(boolean cuda, Replica replica) {
    this.cuda = cuda;
    this.replica = replica;
  }

  /**
   * The device of a configuration; for replicas the GPU whose number is the rank.
   *
   * @throws TrainingException when it asks for a GPU and there is none
   */
  static Hardware choose(Device device, Replica replica) {
    boolean available = device != Device.CPU && torch.cuda_is_available();
    if (device == Device.CUDA && !available) {
      throw new TrainingException(
          "device cuda: libtorch finds no GPU; run doctor to see why, or use --device cpu");
    }
    return new Hardware(available, replica);
  }

  DeviceType type() {
    return cuda ? DeviceType.CUDA : DeviceType.CPU;
  }

  /** Moves a model's parameters. */
  void place(Model model) {
    if (cuda) {
      model.to(place(), false);
    }
  }

  private org.bytedeco.pytorch.Device place() {
    return new org.bytedeco.pytorch.Device(replica.isAlone() ? "cuda" : "cuda:" + replica.rank());
  }

  /** A batch on the device. */
  Batch place(Batch batch) {
    Tensor mask = batch.lossMask();
    return cuda
        ? new Batch(
            placed(batch.inputs()), placed(batch.labels()), mask == null ? null : placed(mask))
        : batch;
  }

  private Tensor placed(Tensor tensor) {
    return tensor.to(place(), tensor.scalar_type());
  }

  /** In words, for people. */
  @Override
  public String toString() {
    return cuda ? place().str().getString() : "cpu, " + torch.get_num_threads() + " threads";
  }

  /** Seeds the generators that dropout draws from; each replica's draw others. */
  void seed(long seed) {
    torch.manual_seed(replica.seed(seed));
  }
}
