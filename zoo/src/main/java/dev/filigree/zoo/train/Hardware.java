package dev.filigree.zoo.train;

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

  private Hardware(boolean cuda) {
    this.cuda = cuda;
  }

  /**
   * The device of a configuration.
   *
   * @throws TrainingException when it asks for a GPU and there is none
   */
  static Hardware choose(Device device) {
    boolean available = device != Device.CPU && torch.cuda_is_available();
    if (device == Device.CUDA && !available) {
      throw new TrainingException(
          "device cuda: libtorch finds no GPU; run doctor to see why, or use --device cpu");
    }
    return new Hardware(available);
  }

  DeviceType type() {
    return cuda ? DeviceType.CUDA : DeviceType.CPU;
  }

  /** Moves a model's parameters. */
  void place(Model model) {
    if (cuda) {
      model.to(new org.bytedeco.pytorch.Device("cuda"), false);
    }
  }

  /** A batch on the device. */
  Batch place(Batch batch) {
    Tensor mask = batch.lossMask();
    return cuda
        ? new Batch(batch.inputs().cuda(), batch.labels().cuda(), mask == null ? null : mask.cuda())
        : batch;
  }

  /** In words, for people. */
  @Override
  public String toString() {
    return cuda ? "cuda" : "cpu, " + torch.get_num_threads() + " threads";
  }

  /** Seeds the generators that dropout draws from. */
  void seed(long seed) {
    torch.manual_seed(seed);
  }
}
